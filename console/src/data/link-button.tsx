/** A link that looks like a button: it opens in a new tab as links do. */
import { createLink } from '@tanstack/react-router';
import { Button } from 'antd';

export const LinkButton = createLink(Button);
