import './styles/tokens.css';
import './styles/base.css';
import './styles/colors.css';
import './styles/shell.css';
import './styles/parts.css';
import { render } from 'preact';
import { App } from './shell/app.js';

const root = document.getElementById('app');
if (root) render(<App />, root);
