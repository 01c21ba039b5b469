/** Aim: the Chinese README's ten-minute tour can be done in the console, every sentence of it. Method: see `tour.ts`. */
import { tourIn } from './tour.ts';

tourIn('zh');
