import { lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { Lost } from "../ui/Lost";
import { HomePage } from "../views/home/HomePage";

// A separate chunk: whoever only looks at the library needs no player.
const RoomPage = lazy(() => import("../views/room/RoomPage"));

export function App() {
  return (
    <Suspense fallback={null}>
      <Switch>
        <Route path="/" component={HomePage} />
        <Route path="/r/:code">{({ code }) => <RoomPage key={code} code={normalCode(code)} />}</Route>
        <Route>
          <Lost
            title="There is nothing here"
            text="This address leads nowhere. The films are on the first page."
          />
        </Route>
      </Switch>
    </Suspense>
  );
}

/** As the server reads codes: case, dashes and look-alike letters do not matter. */
export function normalCode(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
}
