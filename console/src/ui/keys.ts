/** Keys that work on every page, and the list `?` shows. */
import { useEffect } from 'react';

/** True while somebody types: single keys are letters then. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** What a key press stands for: `mod+k`, `/`, `?`, `g r`. */
export type KeyActions = Readonly<Record<string, () => void>>;

const CHORD_MS = 1200;

/** Runs the action of a key while the page is open. `mod` is Ctrl, or ⌘ on a Mac. */
export function useKeys(actions: KeyActions): void {
  useEffect(() => {
    let first = '';
    let firstAt = 0;
    const pressed = (event: KeyboardEvent) => {
      const mod = event.ctrlKey || event.metaKey;
      if (event.altKey || (!mod && isTyping(event.target))) return;
      const key = event.key.toLowerCase();
      const chord = event.timeStamp - firstAt < CHORD_MS ? `${first} ${key}` : '';
      const name = mod ? `mod+${key}` : chord in actions ? chord : key;
      first = mod ? '' : key;
      firstAt = event.timeStamp;
      const action = actions[name];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [actions]);
}
