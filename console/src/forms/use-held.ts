/** A field that changes the value when it is left, and what it would change until then. */
import { useCallback, useEffect } from 'react';
import type { Change } from './change.ts';
import { useForm } from './form-use.ts';

/** Tells the form what leaving the field at `place` would change; a field that is taken away holds nothing. */
export function useHeld(place: string): (change?: Change) => void {
  const { hold } = useForm();
  useEffect(() => () => hold(place), [hold, place]);
  return useCallback((change) => hold(place, change), [hold, place]);
}
