import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { tongue } from "./words/index.svelte";

document.documentElement.lang = tongue.language;
mount(App, { target: document.getElementById("app")! });
