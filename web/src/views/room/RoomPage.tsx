import { useLayoutEffect, useState } from 'react';
import { Lost } from '../../ui/Lost';
import { Room } from './Room';
import { enterRoom, type RoomSession } from './session';
import { SessionContext, useRoom, useSession } from './visit';

export { enterAhead, rollAhead } from './session';

export default function RoomPage({ code }: { code: string }) {
  const [session, setSession] = useState<RoomSession | null>(null);
  // Before the first paint: the film begins to load while the page is still being drawn.
  useLayoutEffect(() => {
    const own = enterRoom(code);
    setSession(own);
    return () => own.close();
  }, [code]);
  if (!session) return null;
  return (
    <SessionContext.Provider value={session}>
      <Phases />
    </SessionContext.Provider>
  );
}

function Phases() {
  const phase = useRoom((view) => view.phase);
  const { code } = useSession();
  if (phase === 'unknown') {
    return (
      <Lost
        title="No such room"
        text={`Nobody has a room with the code ${code} open. It may have ended, or a character may be mistyped.`}
      />
    );
  }
  if (phase === 'replaced') {
    return (
      <Lost title="You are here twice" text="This room was opened in another tab, which has taken over." />
    );
  }
  return <Room />;
}
