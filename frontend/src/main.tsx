import { render } from 'preact';
import { App } from './App';
import { applyTheme, rememberedTheme } from './theme/theme';

applyTheme(rememberedTheme());

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no element with the id "app"');
render(<App />, root);
