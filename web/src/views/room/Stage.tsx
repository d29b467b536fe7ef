import { Clapperboard, VolumeX } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../ui/Button";
import { ControlBar } from "./ControlBar";
import { Help } from "./Help";
import { useRoom, useSession } from "./RoomPage";
import styles from "./Stage.module.css";
import { useKeyboard } from "./useKeyboard";
import { useQuiet } from "./useQuiet";
import { Waiting } from "./Waiting";

/** The picture and what lies over it. */
export function Stage({ onChoose }: { onChoose: () => void }) {
  const session = useSession();
  const video = useRef<HTMLVideoElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const [help, setHelp] = useState(false);
  const inside = useRoom((view) => view.phase === "in");
  const playing = useRoom((view) => (view.state?.v ?? 0) > 0);
  const hasFilm = useRoom((view) => Boolean(view.state?.media ?? view.room?.media));
  const { quiet, stir } = useQuiet(playing);

  useEffect(() => {
    session.mediator.attach(video.current);
    return () => session.mediator.attach(null);
  }, [session]);
  useKeyboard(session, frame, () => setHelp((shown) => !shown));

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: moving over the picture only shows the controls, which Tab reaches too
    <div
      ref={frame}
      className={styles.stage}
      data-quiet={quiet}
      onPointerMove={stir}
      onPointerDown={stir}
      onFocus={stir}
    >
      {/* biome-ignore lint/a11y/useMediaCaption: subtitles come with their own tracks */}
      <video ref={video} className={styles.video} playsInline preload="auto" tabIndex={-1} />
      {inside && !hasFilm && (
        <div className={styles.empty}>
          <Clapperboard size={44} strokeWidth={1.4} aria-hidden="true" />
          <p>Nothing on yet.</p>
          <Button look="primary" onClick={onChoose}>
            Choose a film
          </Button>
        </div>
      )}
      {inside && hasFilm && (
        <>
          <Waiting />
          <TapBanner />
          <Trouble />
          <ControlBar frame={frame} onChoose={onChoose} onHelp={() => setHelp(true)} />
        </>
      )}
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}

/** The browser wants a tap of its own before it makes sound. */
function TapBanner() {
  const session = useSession();
  const tap = useRoom((view) => view.tap);
  if (tap === "none") return null;
  return (
    <button type="button" className={styles.tap} data-testid="tap-for-sound" onClick={() => session.allow()}>
      <VolumeX size={19} aria-hidden="true" /> {tap === "sound" ? "Tap for sound" : "Tap to start"}
    </button>
  );
}

function Trouble() {
  const trouble = useRoom((view) => view.trouble);
  if (!trouble) return null;
  return (
    <div className={styles.trouble} role="alert" data-testid="trouble">
      <p>{trouble}</p>
    </div>
  );
}
