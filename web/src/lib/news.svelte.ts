// Short words about what was just done; a screen reader says them, and they go by themselves.

interface News {
  id: number;
  text: string;
  bad: boolean;
}

class Board {
  items = $state<News[]>([]);
  #next = 0;

  tell(text: string, bad = false) {
    const id = this.#next++;
    this.items.push({ id, text, bad });
    setTimeout(() => this.drop(id), bad ? 12_000 : 6_000);
  }

  drop(id: number) {
    this.items = this.items.filter((item) => item.id !== id);
  }
}

export const board = new Board();
export const tell = (text: string) => board.tell(text);
export const tellBad = (text: string) => board.tell(text, true);
