/**
 * One HTTP call as code to paste: curl, JavaScript, Python, Java. In: a call with any text in its values. Out: a text
 * that makes exactly this call; quotes, dollars, backslashes and other scripts stand for themselves.
 */

export const CODE_LANGUAGES = ['curl', 'javascript', 'python', 'java'] as const;
export type CodeLanguage = (typeof CODE_LANGUAGES)[number];

export interface CodeCall {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: string;
}

/** The call in a language. A body without a `content-type` is sent as JSON. */
export function callCode(language: CodeLanguage, call: CodeCall): string {
  const typed = call.body === '' || call.headers.some(({ name }) => name.toLowerCase() === 'content-type');
  const headers = typed ? call.headers : [...call.headers, { name: 'content-type', value: 'application/json' }];
  return WRITERS[language]({ ...call, url: plainUrl(call.url), headers });
}

/** A path with its parameters filled in: `{name}` encoded as one segment, the rest as the query. */
export function pathWith(pattern: string, path: Readonly<Record<string, string>>, query: readonly (readonly [string, string])[]): string {
  const filled = pattern.replace(/\{([^{}]+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
  const text = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  return text === '' ? filled : `${filled}?${text}`;
}

/** Characters that some clients refuse in an address are escaped. Source: RFC 3986 §2. */
function plainUrl(url: string): string {
  return url.replace(/[^\w\-.~:/?#@!$&'()*+,;=%]/gu, (character) => encodeURIComponent(character));
}

const WRITERS: Readonly<Record<CodeLanguage, (call: CodeCall) => string>> = {
  curl({ method, url, headers, body }) {
    const verb = method === 'HEAD' ? ' --head' : method === 'GET' && body === '' ? '' : ` -X ${method}`;
    return [
      `curl --globoff${verb} ${shell(url)}`,
      // Without a value curl would leave the field out; a semicolon sends it empty.
      ...headers.map(({ name, value }) => `  -H ${shell(value === '' ? `${name};` : `${name}: ${value}`)}`),
      ...(body === '' ? [] : [`  --data-raw ${shell(body)}`]),
    ].join(' \\\n');
  },
  javascript({ method, url, headers, body }) {
    return [
      `const response = await fetch(${JSON.stringify(url)}, {`,
      `  method: ${JSON.stringify(method)},`,
      ...block(headers, '  headers: [', (h) => `    [${JSON.stringify(h.name)}, ${JSON.stringify(h.value)}],`, '  ],'),
      ...(body === '' ? [] : [`  body: ${JSON.stringify(body)},`]),
      '});',
      'console.log(response.status, await response.text());',
    ].join('\n');
  },
  python({ method, url, headers, body }) {
    return [
      'import urllib.error',
      'import urllib.request',
      '',
      'request = urllib.request.Request(',
      `    ${JSON.stringify(url)},`,
      `    method=${JSON.stringify(method)},`,
      ...block(headers, '    headers={', (h) => `        ${JSON.stringify(h.name)}: ${JSON.stringify(h.value)},`, '    },'),
      ...(body === '' ? [] : [`    data=${JSON.stringify(body)}.encode("utf-8"),`]),
      ')',
      'try:',
      '    with urllib.request.urlopen(request, timeout=30) as response:',
      '        print(response.status, response.read().decode("utf-8"))',
      'except urllib.error.HTTPError as error:',
      '    print(error.code, error.read().decode("utf-8"))',
    ].join('\n');
  },
  java({ method, url, headers, body }) {
    const publisher = body === '' ? 'noBody()' : `ofString(${java(body)})`;
    return [
      'import java.net.URI;',
      'import java.net.http.HttpClient;',
      'import java.net.http.HttpRequest;',
      'import java.net.http.HttpResponse;',
      '',
      'public class Call {',
      '    public static void main(String[] args) throws Exception {',
      `        HttpRequest request = HttpRequest.newBuilder(URI.create(${java(url)}))`,
      ...headers.map(({ name, value }) => `            .header(${java(name)}, ${java(value)})`),
      `            .method(${java(method)}, HttpRequest.BodyPublishers.${publisher})`,
      '            .build();',
      '        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());',
      '        System.out.println(response.statusCode() + " " + response.body());',
      '    }',
      '}',
    ].join('\n');
  },
};

function block<I>(items: readonly I[], open: string, line: (item: I) => string, close: string): string[] {
  return items.length === 0 ? [] : [open, ...items.map(line), close];
}

/** A word of a POSIX shell. */
function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A string literal of Java: sources may be read in any encoding, so that only ASCII is written. */
function java(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
