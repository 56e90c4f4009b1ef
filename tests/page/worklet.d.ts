// What TypeScript's libraries lack: the names that an AudioWorklet's module finds around it.

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

declare const sampleRate: number;
