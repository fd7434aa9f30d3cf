/** The process has ended: it must not write to the state any more. */
export class Crashed extends Error {}

/**
 * The CLI that started a provider process, as the process sees it. Once it is killed, nothing is saved any more, and what the provider
 * still sends arrives after the next `up`.
 */
export class Caller {
  #frozen: Promise<void> | undefined;
  #thaw = (): void => undefined;
  /** How often it was found alive without a rotation that was sent since. */
  #cleared = 0;

  get isGone(): boolean {
    return this.#frozen !== undefined;
  }

  async isAlive(): Promise<boolean> {
    await Promise.resolve();
    if (this.isGone) return false;
    this.#cleared += 1;
    return true;
  }

  kill(): void {
    this.#frozen = new Promise((resolve) => (this.#thaw = resolve));
  }

  /** Lets the provider go on to its end. */
  resume(): void {
    this.#thaw();
  }

  /**
   * Whether a request is on its way already when the CLI is killed: a rotation that was let go before.
   *
   * @returns else a promise of the time when it may be sent
   */
  hold(isRotation: boolean): Promise<void> | undefined {
    const isCleared = isRotation && this.#cleared > 0;
    if (isCleared) this.#cleared -= 1;
    return isCleared ? undefined : this.#frozen;
  }
}
