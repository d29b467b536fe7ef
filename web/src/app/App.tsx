import { useEffect, useState } from 'react';
import { Route, Switch } from 'wouter';
import { Lost } from '../ui/Lost';
import { HomePage } from '../views/home/HomePage';
import { loadedRoomPage, loadRoomPage } from '../views/room/chunk';
import { TitlePage } from '../views/title/TitlePage';
import { normalCode } from './words';

export function App() {
  return (
    <Switch>
      <Route path="/" component={HomePage} />
      <Route path="/r/:code">{({ code }) => <RoomRoute code={normalCode(code)} />}</Route>
      <Route path="/m/:id">{({ id }) => <TitlePage key={id} id={id} />}</Route>
      <Route>
        <Lost
          title="There is nothing here"
          text="This address leads nowhere. The films are on the first page."
        />
      </Route>
    </Switch>
  );
}

function RoomRoute({ code }: { code: string }) {
  const [Page, setPage] = useState(() => loadedRoomPage());
  useEffect(() => {
    if (!Page) void loadRoomPage().then((page) => setPage(() => page));
  }, [Page]);
  return Page && <Page key={code} code={code} />;
}
