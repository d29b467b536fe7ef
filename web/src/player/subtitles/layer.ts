/** What draws one subtitle track over the film. */
import type { Box, Size } from './plane';

/** Where everything is at the moment, in CSS pixels of the stage. */
export interface Scene {
  stage: Size;
  /** The film's picture within it. */
  film: Box;
}

export interface Layer {
  /** Shows what belongs to this moment of the film. Called many times a second; must be cheap when nothing changes. */
  show(position: number, scene: Scene): void;
  /** The track's address, when it has been renewed. */
  readdress(url: string): void;
  close(): void;
}

/** A layer cannot go on. */
export type Fail = () => void;
