/** Swagger UI over a document at hand: its own chunk, no outside request, nothing sent from it (calls go by "Try it"). */
import SwaggerUi from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';
import { useEffect, useMemo, useRef } from 'react';
import { useLanguage } from '../../ui/language.tsx';
import { withoutHtml } from './shown-document.ts';
import { followWords } from './swagger-words.ts';
import './swagger.css';

interface Props {
  readonly document: Readonly<Record<string, unknown>>;
  readonly expansion: 'list' | 'full';
}

export default function Swagger({ document: shown, expansion }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<ReturnType<typeof SwaggerUi>>(undefined);
  const { language } = useLanguage();
  const text = useMemo(() => JSON.stringify(withoutHtml(shown)), [shown]);
  const first = useRef(text);
  useEffect(() => followWords(place.current!, language), [language]);
  useEffect(() => {
    drawn.current = SwaggerUi({
      domNode: place.current!,
      spec: JSON.parse(first.current),
      docExpansion: expansion,
      supportedSubmitMethods: [],
      validatorUrl: null,
      deepLinking: false,
      defaultModelsExpandDepth: -1,
      syntaxHighlight: { activated: false },
    });
  }, [expansion]);
  // The same API in other words, or a newer one: what is open stays open.
  useEffect(() => {
    if (text === first.current) return;
    first.current = text;
    drawn.current?.specActions.updateSpec(text);
  }, [text]);
  return <div ref={place} className="weir-swagger" />;
}
