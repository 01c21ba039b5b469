/** The console's entry: providers from the outside in, then the router. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ProblemAnswer } from './api/client.ts';
import { SessionProvider } from './api/session.tsx';
import { router } from './router.tsx';
import { LanguageProvider } from './ui/language.tsx';
import { ThemeProvider } from './ui/theme.tsx';
import './ui/base.css';

const TRIES = 2;
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      // What the server refused is refused again; a lost connection may come back.
      retry: (count, error) => !(error instanceof ProblemAnswer) && count < TRIES,
    },
  },
});

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <ThemeProvider>
          <SessionProvider>
            <RouterProvider router={router} />
          </SessionProvider>
        </ThemeProvider>
      </LanguageProvider>
    </QueryClientProvider>
  </StrictMode>,
);
