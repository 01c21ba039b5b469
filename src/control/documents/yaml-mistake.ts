/** Syntax mistakes of YAML in both languages: the parser's own sentence in English, its kind in Chinese. */
import { type Text, tell } from '../../base/text.ts';

const CHINESE: Readonly<Record<string, string>> = {
  ALIAS_PROPS: '别名不能带锚点或标签',
  BAD_ALIAS: '别名有误',
  BAD_COLLECTION_TYPE: '集合类型与标签不符',
  BAD_DIRECTIVE: '指令有误',
  BAD_DQ_ESCAPE: '双引号内的转义有误',
  BAD_INDENT: '缩进有误',
  BAD_PROP_ORDER: '锚点或标签的位置有误',
  BAD_SCALAR_START: '值不能以这个字符开头，请加引号',
  BLOCK_AS_IMPLICIT_KEY: '同一行内不能再嵌套映射',
  BLOCK_IN_FLOW: '流式集合内不能使用块式写法',
  DUPLICATE_KEY: '键重复',
  KEY_OVER_1024_CHARS: '键超过 1024 个字符',
  MISSING_CHAR: '缺少分隔符或引号',
  MULTILINE_IMPLICIT_KEY: '键不能跨行',
  MULTIPLE_ANCHORS: '一个值只能有一个锚点',
  MULTIPLE_DOCS: '含有多个文档',
  MULTIPLE_TAGS: '一个值只能有一个标签',
  NON_STRING_KEY: '键必须是文本',
  RESOURCE_EXHAUSTION: '内容过于复杂',
  TAB_AS_INDENT: '不能用制表符缩进',
  TAG_RESOLVE_FAILED: '标签无法识别',
  UNEXPECTED_TOKEN: '出现了意外的内容',
};

/** What the parser found; `code` is its name of the mistake. */
export function yamlMistake(words: string, code = ''): Text {
  return tell(
    { en: 'cannot be read as YAML: {words}', zh: '无法按 YAML 读取：{words}' },
    { words: { en: words, zh: CHINESE[code] ?? '语法有误' } },
  );
}
