/** What a server said in one language is said again when the reader changes it: its answer is asked for anew. */
import { useEffect, useRef } from 'react';
import { useLanguage } from '../ui/language.tsx';

/** Calls `ask` after a change of language, when there is an answer to say again. */
export function useSaidAgain(isAnswered: boolean, ask: () => void): void {
  const { language } = useLanguage();
  const said = useRef(language);
  useEffect(() => {
    if (said.current === language) return;
    said.current = language;
    if (isAnswered) ask();
  });
}
