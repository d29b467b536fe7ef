/** Stands for a part of the script renderer that would look for fonts on another host. */
export const queryRemoteFonts = (): Promise<never[]> => Promise.resolve([]);
