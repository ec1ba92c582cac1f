// Asking a person before something is done: `await ask({…})` is null when they think better of it.

export interface Question {
  title: string;
  text: string;
  /** What the button says that does it. */
  yes: string;
  /** Wants a reason in words. */
  note?: string;
  danger?: boolean;
}

class Asking {
  question = $state.raw<Question | null>(null);
  #answer: ((answer: { note: string } | null) => void) | null = null;

  ask(question: Question): Promise<{ note: string } | null> {
    this.answer(null);
    this.question = question;
    return new Promise((done) => (this.#answer = done));
  }

  answer(answer: { note: string } | null) {
    this.question = null;
    this.#answer?.(answer);
    this.#answer = null;
  }
}

export const asking = new Asking();
export const ask = (question: Question) => asking.ask(question);
