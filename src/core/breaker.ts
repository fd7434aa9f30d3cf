/** An API that answers like this does not become better by asking on. */
export const UNKNOWN_IN_A_ROW = 3;

/** Ends a run whose rotations keep having unknown outcomes. */
export class Breaker {
  private unknowns = 0;

  get isOpen(): boolean {
    return this.unknowns >= UNKNOWN_IN_A_ROW;
  }

  record(isUnknown: boolean): void {
    if (!this.isOpen) this.unknowns = isUnknown ? this.unknowns + 1 : 0;
  }
}
