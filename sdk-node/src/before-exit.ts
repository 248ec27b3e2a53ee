/** A client that may have unsent events. */
interface Sender {
  drain(timeout: number): Promise<void>;
}

/** Most milliseconds that the exit of the process is delayed. */
const PATIENCE = 10_000;

/**
 * Sends unsent events before the process exits. There is one listener for all clients, added when first needed. A client
 * is in the set only while it has unsent events. `beforeExit` is emitted again after each drain, with an empty set.
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
