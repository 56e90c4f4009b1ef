/**
 * From a key to temporary tokens. The key lives for the length of one call; tokens live in this
 * page's memory and nowhere else.
 *
 * @import {Listed} from "./model.js"
 */
import { noToken, serverGone, tooManyWrongKeys, wrongKey } from "./problems.js";

/** A token this close to its end is not used any more: connecting takes a moment. */
const MARGIN_MS = 5000;

export class Tokens {
  /** @type {Map<string, {token: string, expires: number}>} */
  #byDialect = new Map();

  /**
   * Take tokens from the address (`#dialect=token&…`), as the server's own links have them. The
   * part after # never leaves the browser; it is removed, so that it is not bookmarked either.
   */
  takeFromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const [name, token] of given) this.#byDialect.set(name, { token, expires: Infinity });
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  }

  /**
   * @param {string} name Of a dialect.
   * @returns {string | null} A token that should still be good.
   */
  for(name) {
    const held = this.#byDialect.get(name);
    return held && Date.now() < held.expires - MARGIN_MS ? held.token : null;
  }

  /** @param {string} name Of the dialect whose token was refused. */
  forget(name) {
    this.#byDialect.delete(name);
  }

  /**
   * Exchange a key for a token in each dialect.
   *
   * @param {string} key
   * @param {readonly Listed[]} dialects The one that is needed now comes first.
   * @throws {import("./problems.js").Problem} If the server does not want to.
   */
  async exchange(key, dialects) {
    for (const { name, dialect } of dialects) {
      const expires = Date.now() + dialect.tokenTtlS * 1000;
      this.#byDialect.set(name, { token: await mint(key, dialect), expires });
    }
  }
}

/**
 * @param {string} key
 * @param {import("./model.js").Dialect} dialect
 */
async function mint(key, dialect) {
  const { path, method, headers, body } = dialect.tokenRequest(key);
  const url = new URL(path.slice(1), document.baseURI);
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(url, { method, headers, body: body ?? null, cache: "no-store" });
  } catch (error) {
    // A header that cannot be sent at all: the key was mistyped, the server never asked.
    throw /^[\x21-\x7e]+$/.test(key) ? serverGone() : wrongKey();
  }
  if (answer.status === 401) throw wrongKey();
  if (answer.status === 429) throw tooManyWrongKeys(Number(answer.headers.get("retry-after")) || 60);
  if (!answer.ok) throw noToken(answer.status);
  return dialect.tokenFrom(await answer.json());
}
