/** What this console uses of swagger-ui-dist, which ships no types. */
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  export default function SwaggerUi(options: Readonly<Record<string, unknown>>): {
    /** Replaces the document; what is unfolded stays so. */
    readonly specActions: { updateSpec(text: string): void };
  };
}
