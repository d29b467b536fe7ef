/** Stands for a stand-in that is not needed. */
export {};
