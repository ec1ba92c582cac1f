import { type Said, type Work, work } from "./work";

onmessage = (event: MessageEvent<Work>) => void work(event.data, (said: Said) => postMessage(said));
