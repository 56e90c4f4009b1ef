/**
 * A microphone as frames of 16-bit mono at 16 kHz, 50 ms each.
 *
 * @import {Sink} from "./model.js"
 * @import {Problem} from "./problems.js"
 */
import { insecurePage, microphoneGone, microphoneProblem, serverGone } from "./problems.js";

export class Microphone {
  #stream;
  #context;

  /**
   * @param {MediaStream} stream
   * @param {AudioContext} context
   */
  constructor(stream, context) {
    this.#stream = stream;
    this.#context = context;
  }

  /**
   * Open a microphone; the browser asks the user.
   *
   * @param {string} deviceId Empty: the one that the browser prefers.
   * @returns {Promise<Microphone>}
   * @throws {Problem}
   */
  static async open(deviceId) {
    if (!navigator.mediaDevices) throw insecurePage();
    // What makes a call pleasant makes words harder to recognize; only the gain helps both.
    const audio = {
      ...(deviceId && { deviceId: { exact: deviceId } }),
      channelCount: 1,
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: true,
    };
    /** @type {MediaStream} */
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      throw microphoneProblem(error);
    }
    const context = new AudioContext({ latencyHint: "interactive" });
    const microphone = new Microphone(stream, context);
    try {
      await context.audioWorklet.addModule(new URL("capture.js", import.meta.url));
    } catch {
      microphone.close();
      throw serverGone(); // it comes from there
    }
    return microphone;
  }

  /**
   * Give frames until told to stop, then close. All frames were given when this is over.
   *
   * @param {Sink} sink
   * @param {AbortSignal} signal
   * @returns {Promise<Problem | null>} Why it ended by itself, if it did.
   */
  async play(sink, signal) {
    const node = new AudioWorkletNode(this.#context, "capture", { numberOfOutputs: 0 });
    const [over, isOver] = gate();
    node.port.onmessage = ({ data: { pcm, peak, isLast } }) => {
      if (pcm.byteLength) sink.take(pcm, peak);
      if (isLast) isOver();
    };
    const problem = this.#ending(signal);
    await this.#context.resume();
    this.#context.createMediaStreamSource(this.#stream).connect(node);
    const found = await problem;
    node.port.postMessage("end");
    await over;
    this.close();
    return found;
  }

  close() {
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.#context.state !== "closed") void this.#context.close();
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Problem | null>}
   */
  #ending(signal) {
    return new Promise((resolve) => {
      if (signal.aborted) resolve(null);
      signal.addEventListener("abort", () => resolve(null), { once: true });
      for (const track of this.#stream.getTracks()) {
        track.onended = () => resolve(microphoneGone());
      }
    });
  }
}

/** @returns {[Promise<void>, () => void]} A promise and what settles it. */
function gate() {
  /** @type {() => void} */
  let open = () => {};
  const opened = new Promise((/** @type {(value: void) => void} */ resolve) => (open = resolve));
  return [opened, open];
}

/**
 * List what there is. Names are empty until the user has allowed a microphone once.
 *
 * @returns {Promise<{deviceId: string, label: string}[]>}
 */
export async function microphones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter(({ kind, label }) => kind === "audioinput" && label);
}
