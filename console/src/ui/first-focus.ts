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

/**
 * Ref of the button that gets the keys once it can be pressed: while a window opens, what it would do is still being asked, and a
 * button that takes no keys takes no focus. Whoever went on to another part meanwhile stays there.
 */
export function useReadyFocus(isReady: boolean): RefObject<HTMLButtonElement | null> {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const window = button.current?.closest('[role=dialog]');
    const at = document.activeElement;
    const isUntouched = !at || at === document.body || at === window || at.classList.contains('ant-modal-close') || !window?.contains(at);
    if (isReady && isUntouched) button.current?.focus();
  }, [isReady]);
  return button;
}
