// What containers and volumes may be called, Docker's rule. Names are folders and links on disk, so nothing else may get there.

/** At least two characters. */
export const NAME_PATTERN = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
