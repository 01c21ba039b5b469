/** What can be wrong with resources and changes to them. */
import { defineProblems } from '../../base/problem.ts';

export default defineProblems('core/resources', {
  invalid: {
    status: 422,
    title: { en: 'The document is not valid', zh: '文档无效' },
    detail: {
      en: '{count} mistake(s) found; nothing was changed. Each is listed in `errors`.',
      zh: '发现 {count} 处错误，未做任何更改；逐条列在 `errors` 中。',
    },
  },
  'not-found': {
    status: 404,
    title: { en: 'No such resource', zh: '资源不存在' },
    detail: { en: 'There is no {kind} "{name}" in project "{project}".{hint}', zh: '项目“{project}”中没有 {kind}“{name}”。{hint}' },
  },
  'nothing-before': {
    status: 404,
    title: { en: 'No earlier version', zh: '没有更早的版本' },
    detail: {
      en: '{kind} "{name}" has no version before its newest one; there is nothing to go back to.',
      zh: '{kind}“{name}”在最新版本之前没有版本，无可回退。',
    },
  },
  'no-version': {
    status: 404,
    title: { en: 'No such version', zh: '版本不存在' },
    detail: {
      en: '{kind} "{name}" has no version {version}, or it is older than the history kept.',
      zh: '{kind}“{name}”没有版本 {version}，或已超出历史保留范围。',
    },
  },
  'changed-since': {
    status: 412,
    title: { en: 'Changed by somebody else', zh: '已被他人修改' },
    detail: {
      en: '{kind} "{name}" is at version {actual}, not {expected}: read it again and repeat your change.',
      zh: '{kind}“{name}”当前版本为 {actual}，不是 {expected}：请重新读取后再修改。',
    },
  },
  exists: {
    status: 412,
    title: { en: 'Already exists', zh: '已存在' },
    detail: {
      en: '{kind} "{name}" already exists in project "{project}": choose another name, or change that one.',
      zh: '项目“{project}”中已有 {kind}“{name}”：请换名，或修改已有资源。',
    },
  },
  'in-use': {
    status: 409,
    title: { en: 'Still used by others', zh: '仍被其他资源使用' },
    detail: {
      en: '{kind} "{name}" is used by {users}: change or delete those first.',
      zh: '{kind}“{name}”正被 {users} 使用：请先修改或删除它们。',
    },
  },
  'folder-owned': {
    status: 409,
    title: { en: 'Owned by the watched folder', zh: '由监视文件夹管理' },
    detail: {
      en: '{kind} "{name}" comes from a file in the watched folder and is read-only here: change the file.',
      zh: '{kind}“{name}”来自监视文件夹中的文件，此处只读：请修改该文件。',
    },
  },
  contended: {
    status: 503,
    title: { en: 'Changed elsewhere at the same time', zh: '同时被他处修改' },
    detail: {
      en: 'Another process changed the same resources twice while this change was made. Nothing was changed: try again.',
      zh: '另一进程在此期间两次修改了相同的资源。未做任何更改：请重试。',
    },
    retry: 'now',
  },
  busy: {
    status: 503,
    title: { en: 'Too many changes wait', zh: '等待中的更改过多' },
    detail: {
      en: 'More than {limit} changes wait for their turn. Nothing was changed: try again later.',
      zh: '排队的更改超过 {limit} 个。未做任何更改：请稍后重试。',
    },
    retry: 'later',
  },
  'reading-busy': {
    status: 503,
    title: { en: 'Too many large documents wait', zh: '等待读取的大文档过多' },
    detail: {
      en: 'Other large documents are being read, and this one waited too long. Nothing was changed: try again later.',
      zh: '正在读取其他大文档，等待时间过长。未做任何更改：请稍后重试。',
    },
    retry: 'later',
  },
  'reading-given-up': {
    status: 422,
    title: { en: 'The document takes too long to read', zh: '文档读取耗时过长' },
    detail: {
      en: 'Reading a document took more time or memory than one may have. Nothing was changed: split it into smaller ones.',
      zh: '读取文档所用的时间或内存超过上限。未做任何更改：请拆分为较小的文档。',
    },
  },
  'last-admin': {
    status: 409,
    title: { en: 'The last administrator', zh: '最后一个管理员' },
    detail: {
      en: 'The change would leave nobody who may administer Weir: make another user an admin first. Nothing was changed.',
      zh: '此更改会使 Weir 没有管理员：请先把另一用户设为管理员。未做任何更改。',
    },
  },
  refused: {
    status: 403,
    title: { en: 'Not allowed', zh: '不允许' },
    detail: { en: '{reason}', zh: '不允许：{reason}' },
  },
  'too-large': {
    status: 413,
    title: { en: 'Too much at once', zh: '内容过大' },
    detail: { en: '{what} is more than the limit of {limit}: split it.', zh: '{what} 超过上限 {limit}：请拆分。' },
  },
  'no-hold': {
    status: 404,
    title: { en: 'Nothing is held under this id', zh: '没有该编号的待确认操作' },
    detail: {
      en: 'No held change of the watched folder has the id "{id}": it was confirmed already, or the folder changed since.',
      zh: '监视文件夹没有编号为“{id}”的待确认变更：可能已确认，或文件夹之后又有变化。',
    },
  },
});
