/** Somebody with something left to send. */
interface Sender {
  drain(timeout: number): Promise<void>;
}

/** How long the end of a process may be put off, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Those who have something to send. The process gets one listener, when it is first needed; it does not hold
 * clients that have nothing left. `beforeExit` comes again after each drain, and by then they are out of the set.
 */
class BeforeExit {
  readonly #senders = new Set<Sender>();
  #listening = false;

  add(sender: Sender): void {
    this.#senders.add(sender);
    if (this.#listening) return;
    this.#listening = true;
    process.on("beforeExit", () => {
      for (const sender of this.#senders) void sender.drain(PATIENCE);
    });
  }

  delete(sender: Sender): void {
    this.#senders.delete(sender);
  }
}

export const onBeforeExit = new BeforeExit();
