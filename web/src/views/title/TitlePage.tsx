import { TriangleAlert, Users } from 'lucide-react';
import { useEffect, useState } from 'react';
import { askPlayback } from '../../api/ahead';
import { ApiError, fetchTitle, type Playback } from '../../api/client';
import type { MediaItem } from '../../api/types';
import { length } from '../../app/words';
import { capabilities } from '../../player/caps';
import { Button } from '../../ui/Button';
import { Lost } from '../../ui/Lost';
import { Mark } from '../../ui/Mark';
import { Poster } from '../home/Poster';
import { useCreateRoom } from '../home/useCreateRoom';
import { type Elsewhere, elsewhereOf, OtherPlayers } from './OtherPlayers';
import styles from './TitlePage.module.css';

/** One film: what it is, what this browser gets of it, and the way to watch it together. */
export function TitlePage({ id }: { id: string }) {
  const { film, problem } = useFilm(id);
  if (problem) {
    const unknown = problem.status === 404;
    return (
      <Lost
        title={unknown ? 'No such film' : 'The film cannot be shown'}
        text={unknown ? 'It may have been removed from the library.' : problem.message}
      />
    );
  }
  return (
    <div className={styles.page}>
      <header className={styles.top}>
        <Mark />
      </header>
      {film && <Film film={film} />}
    </div>
  );
}

function Film({ film }: { film: MediaItem }) {
  const { creating, error, create, expect } = useCreateRoom();
  const { reason, refused, notes, elsewhere } = useDelivery(film);
  return (
    <main className={styles.film}>
      <div className={styles.poster}>
        <Poster item={film} />
      </div>
      <div className={styles.words}>
        <h1 className={styles.title}>{film.title}</h1>
        {film.duration_ms > 0 && <p className={styles.length}>{length(film.duration_ms)}</p>}
        <p className={refused ? styles.refused : styles.reason} data-testid="title-reason">
          {reason}
        </p>
        {notes.map((note) => (
          <p key={note} className={styles.note} data-testid="title-note">
            <TriangleAlert size={16} aria-hidden="true" /> {note}
          </p>
        ))}
        {!refused && (
          <Button
            look="primary"
            data-testid="watch-together"
            disabled={creating !== null}
            onPointerDown={(event) => event.pointerType === 'mouse' && event.button === 0 && expect(film.id)}
            onClick={() => create(film.id)}
          >
            <Users size={18} aria-hidden="true" /> {creating ? 'Opening…' : 'Watch together'}
          </Button>
        )}
        {elsewhere && <OtherPlayers media={film.id} title={film.title} first={elsewhere} />}
        {error && (
          <p className={styles.refused} role="alert">
            {error}
          </p>
        )}
      </div>
    </main>
  );
}

function useFilm(id: string) {
  const [film, setFilm] = useState<MediaItem | null>(null);
  const [problem, setProblem] = useState<{ status: number; message: string } | null>(null);
  useEffect(() => {
    let live = true;
    fetchTitle(id)
      .then((found) => {
        if (!live) return;
        setFilm(found);
        document.title = `${found.title} · watchparty`;
      })
      .catch((error: unknown) => {
        if (!live) return;
        const known = error instanceof ApiError;
        setProblem({
          status: known ? error.status : 0,
          message: known ? error.message : 'Something went wrong.',
        });
      });
    return () => {
      live = false;
    };
  }, [id]);
  return { film, problem };
}

interface Answer {
  reason: string;
  refused: boolean;
  notes: string[];
  elsewhere?: Elsewhere;
}

function answerOf(playback: Playback): Answer {
  const { reason, notes = [], wait_ms } = playback;
  const wait = wait_ms ? [`Converting it takes longer than watching it: ready in ${length(wait_ms)}.`] : [];
  return { reason, refused: false, notes: [...notes, ...wait], elsewhere: elsewhereOf(playback) };
}

/** What this browser gets, as a sentence. A server that is only busy has not refused. */
function useDelivery(film: MediaItem) {
  const [answer, setAnswer] = useState<Answer>({ reason: '\u00a0', refused: false, notes: [] });
  useEffect(() => {
    if (!film.playable) {
      setAnswer({ reason: film.reason ?? 'This file cannot be played.', refused: true, notes: [] });
      return;
    }
    let live = true;
    askPlayback(film.id, capabilities())
      .then((playback) => live && setAnswer(answerOf(playback)))
      .catch((error: unknown) => {
        if (!live || !(error instanceof ApiError)) return;
        setAnswer({ reason: error.message, refused: error.status >= 400 && error.status < 500, notes: [] });
      });
    return () => {
      live = false;
    };
  }, [film]);
  return answer;
}
