/** A link that looks like a button: it opens in a new tab as links do. `type` is the link's own: say `color` and `variant`. */
import { createLink } from '@tanstack/react-router';
import { Button } from 'antd';

export const LinkButton = createLink(Button);
