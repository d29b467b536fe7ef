import { useEffect, useState } from 'react';
import { useSession } from './visit';

/** A film that has shown nothing by then holds nothing up. */
const PATIENCE_MS = 400;

/** Whether the film's first picture is on the screen, or has taken too long. */
export function useFirstPicture(): boolean {
  const session = useSession();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const video = session.mediator.element;
    const show = () => setShown(true);
    const timer = setTimeout(show, PATIENCE_MS);
    const watched = video.requestVideoFrameCallback?.(show);
    return () => {
      clearTimeout(timer);
      if (watched !== undefined) video.cancelVideoFrameCallback(watched);
    };
  }, [session]);
  return shown;
}
