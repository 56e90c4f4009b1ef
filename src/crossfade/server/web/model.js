/**
 * What a conversation reports and what a dialect is, in no vendor's words. Types only: this is the
 * ground floor of the page, as `crossfade.model` is of the server.
 *
 * Positions are whole milliseconds from the first sample of the session (`Ms`).
 *
 * @typedef {object} Word
 * @property {string} text As it is to be shown, without the mark that follows.
 * @property {number} startMs
 * @property {number} endMs Greater than `startMs`.
 * @property {number} confidence 0 to 1.
 * @property {string} punctuation The mark that follows directly; mostly nothing.
 * @property {string | null} speaker
 *
 * @typedef {{type: "started"}} Started Audio is being heard.
 * @typedef {{type: "accepted", nFrames: number}} Accepted So many audio frames were taken, in all.
 * @typedef {{type: "partial", words: readonly Word[]}} Partial What may still change in the open
 *   turn. The next partial replaces it whole.
 * @typedef {{type: "final", words: readonly Word[]}} Final Words that will not change.
 * @typedef {{type: "turnEnded"}} TurnEnded
 * @typedef {{type: "ended"}} Ended Everything was said; always the last event of a clean end.
 * @typedef {{type: "failed", cause: Cause, text: string}} Failed The server ended the session, with
 *   its own words about why.
 * @typedef {"credential" | "full" | "other"} Cause
 * @typedef {Started | Accepted | Partial | Final | TurnEnded | Ended | Failed} Event
 *
 * @typedef {object} TokenRequest
 * @property {"GET" | "POST"} method
 * @property {string} path
 * @property {Record<string, string>} headers
 * @property {string} [body]
 *
 * @typedef {object} Choice The one setting of a dialect that is worth showing.
 * @property {string} label
 * @property {readonly {value: string, text: string}[]} options The first is the default.
 *
 * @typedef {object} Wishes
 * @property {string | null} token
 * @property {number} sampleRateHz Of 16-bit mono audio, little-endian.
 * @property {string} choice One of the values of `Choice`.
 *
 * @typedef {object} Conversation One session, as a state machine without a socket or a clock.
 * @property {string} path Path and query to connect to.
 * @property {readonly string[]} opening Text frames to send as soon as the socket is open.
 * @property {(frame: string) => Event[]} receive
 * @property {(nFrames: number) => string} finish The text frame that ends the audio.
 *
 * @typedef {object} Dialect
 * @property {Choice} choice
 * @property {number} tokenTtlS For how long a token is asked for.
 * @property {boolean} acknowledges Every audio frame is answered with `accepted`.
 * @property {(key: string) => TokenRequest} tokenRequest
 * @property {(answer: any) => string} tokenFrom
 * @property {(wishes: Wishes) => Conversation} converse
 *
 * @typedef {object} Sink Where a source's audio goes.
 * @property {(pcm: ArrayBuffer, peak: number) => void} take One frame, and the highest of its
 *   samples, 0 to 1.
 * @property {() => Promise<void>} room Wait until there is room for more.
 *
 * @typedef {{name: string, title: string, dialect: Dialect}} Listed A dialect of this server.
 */

export {};
