// Jest prints the `stack` of a failed assertion, trusting that it starts with the message. In Bun, `Error.captureStackTrace` leaves
// the message out, and a failure would show no difference at all.
const capture = Error.captureStackTrace;

Error.captureStackTrace = (error, above) => {
  capture.call(Error, error, above);
  const heading = `${error.name}: ${error.message}`;
  if (!String(error.stack).startsWith(heading)) error.stack = `${heading}\n${error.stack}`;
};
