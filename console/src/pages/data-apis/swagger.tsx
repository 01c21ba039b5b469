/** Swagger UI over a document at hand: its own chunk, no outside request, nothing sent from it (calls go by "Try it"). */
import SwaggerUi from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';
import { useEffect, useRef } from 'react';
import { useLanguage } from '../../ui/language.tsx';
import { followWords } from './swagger-words.ts';
import './swagger.css';

interface Props {
  readonly document: Readonly<Record<string, unknown>>;
  readonly expansion: 'list' | 'full';
}

export default function Swagger({ document: shown, expansion }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const { language } = useLanguage();
  useEffect(() => followWords(place.current!, language), [language]);
  useEffect(() => {
    SwaggerUi({
      domNode: place.current!,
      spec: shown,
      docExpansion: expansion,
      supportedSubmitMethods: [],
      validatorUrl: null,
      deepLinking: false,
      defaultModelsExpandDepth: -1,
      syntaxHighlight: { activated: false },
    });
  }, [shown, expansion]);
  return <div ref={place} className="weir-swagger" />;
}
