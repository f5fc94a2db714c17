// The name of the image that the executable carries, apart from its bytes: whoever only asks for the name loads nothing else.

/** Canonical. */
export const EMBEDDED_REFERENCE = 'localhost/hello:latest';
