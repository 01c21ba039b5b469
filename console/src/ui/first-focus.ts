/** The caret in the first field of a window. */
import type { InputRef } from 'antd';
import { type RefObject, useEffect, useRef } from 'react';

/**
 * Ref of the field that has the caret when its window opens; for a component that stands inside of the window. The DOM's
 * `autofocus` is not enough: where nothing moves, a window is drawn before it is part of the page, and then the first button
 * of the window takes the keys.
 */
export function useFirstFocus(): RefObject<InputRef | null> {
  const field = useRef<InputRef>(null);
  useEffect(() => field.current?.focus(), []);
  return field;
}
