// Renders the page.

import { createRoot } from 'react-dom/client';
import { Page } from './page.jsx';
import './styles/index.css';

createRoot(document.getElementById('app')).render(<Page />);
