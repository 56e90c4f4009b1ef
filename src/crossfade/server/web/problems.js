/** Everything that can go wrong, said in two sentences: what happened, and what to do next. */

export class Problem extends Error {
  /**
   * @param {string} title What happened.
   * @param {string} advice What to do next.
   * @param {{wantsKey?: boolean}} [more] `wantsKey`: the way out is the key field.
   */
  constructor(title, advice, { wantsKey = false } = {}) {
    super(title);
    this.title = title;
    this.advice = advice;
    this.wantsKey = wantsKey;
  }
}

export const noKey = () =>
  new Problem(
    "This server asks for a key.",
    "Paste one into the key field. On the server, “crossfade keys add NAME” prints a new one.",
    { wantsKey: true },
  );

export const wrongKey = () =>
  new Problem(
    "The server does not know this key.",
    "Check that it was pasted whole, or make a new one with “crossfade keys add NAME”.",
    { wantsKey: true },
  );

/** @param {number} status */
export const noToken = (status) =>
  status === 403
    ? new Problem("This key may not make tokens.", "Use another key: this page needs a token.", {
        wantsKey: true,
      })
    : new Problem(
        `The server made no token (HTTP ${status}).`,
        "Its log tells why; try again when that is mended.",
        { wantsKey: true },
      );

/** @param {number} waitS */
export const tooManyWrongKeys = (waitS) =>
  new Problem(
    "Too many wrong keys came from this address.",
    `Wait ${waitS} seconds, then paste the right one.`,
    { wantsKey: true },
  );

export const tokenRefused = () =>
  new Problem(
    "The server no longer accepts the token of this page.",
    "Tokens last for minutes. Paste your key again for a new one.",
    { wantsKey: true },
  );

export const serverGone = () =>
  new Problem(
    "The server does not answer.",
    "See whether “crossfade serve” is still running and the network is there, then press Start.",
  );

export const refused = () =>
  new Problem(
    "The server refused the connection.",
    "It may have too many connections from this address. Wait a few seconds, then press Start.",
  );

export const connectionBroke = () =>
  new Problem(
    "The connection to the server broke.",
    "Final words are kept. Press Start to go on once the server is back.",
  );

export const connectionSlow = () =>
  new Problem(
    "The network is too slow for the microphone: a minute of audio is waiting.",
    "Final words are kept. Come closer to the server, then press Start to go on.",
  );

export const noAnswer = () =>
  new Problem(
    "The server took the connection and then said nothing.",
    "It may be overloaded. Wait a little, then press Start.",
  );

export const serverFull = () =>
  new Problem(
    "Every place on this server is taken.",
    "Try again in a minute, or raise its limit with --max-sessions.",
  );

/** @param {string} text */
export const serverSaid = (text) =>
  new Problem(`The server ended the session: ${text}`, "Final words are kept. Press Start to go on.");

export const insecurePage = () =>
  new Problem(
    "The browser gives a microphone only to pages from localhost or over HTTPS.",
    "Start the server with “crossfade serve --tls” and open https://, or drop a file: that works here.",
  );

/**
 * @param {unknown} error What `getUserMedia` threw.
 * @returns {Problem}
 */
export function microphoneProblem(error) {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
      return new Problem(
        "The microphone was refused.",
        "Allow it in the site settings, beside the address, then press Start. Or drop a file.",
      );
    case "NotFoundError":
    case "OverconstrainedError":
      return new Problem(
        "There is no such microphone.",
        "Plug one in or choose another, then press Start. Or drop a file.",
      );
    case "NotReadableError":
      return new Problem(
        "The microphone is there, but gives no sound.",
        "Another program may hold it. Close that one, then press Start.",
      );
    default:
      return new Problem(
        `The microphone could not be opened: ${error}`,
        "Choose another, or drop a file.",
      );
  }
}

export const microphoneGone = () =>
  new Problem(
    "The microphone was unplugged.",
    "All words up to then are here. Plug it in or choose another, then press Start to go on.",
  );

/** @param {string} name */
export const unreadableFile = (name) =>
  new Problem(
    `This browser cannot read sound from “${name}”.`,
    "Try WAV, MP3, M4A, FLAC, Ogg or WebM, or “crossfade transcribe FILE”, which reads more.",
  );

/**
 * @param {unknown} error
 * @returns {Problem} Itself, or for a bug of ours something to report.
 */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem(`Something in this page went wrong: ${error}`, "Reload the page to try again.");
}
