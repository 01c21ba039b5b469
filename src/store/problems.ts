/** What can go wrong with our own database. */
import { defineProblems } from '../base/problem.ts';

export default defineProblems('core/store', {
  'newer-schema': {
    status: 500,
    title: { en: 'The store is newer than this Weir', zh: '存储的版本比当前 Weir 新' },
    detail: {
      en: 'The store has schema {found}, this Weir knows up to {known}. Start a newer Weir on it, or restore an older backup.',
      zh: '存储的结构版本为 {found}，当前 Weir 最高支持 {known}。请使用更新的 Weir，或恢复升级前的备份。',
    },
  },
  full: {
    status: 507,
    retry: 'later',
    title: { en: 'The store’s disk is full', zh: '存储所在磁盘已满' },
    detail: {
      en: 'The store could not write: its disk is full. Free some space; nothing that was acknowledged is lost.',
      zh: '存储无法写入：磁盘已满。请释放空间；已确认的数据没有丢失。',
    },
  },
  busy: {
    status: 503,
    retry: 'later',
    title: { en: 'The store is busy', zh: '存储繁忙' },
    detail: { en: 'The store was locked for longer than it may take. Try again.', zh: '存储被锁定的时间过长，请重试。' },
  },
  'read-too-slow': {
    status: 503,
    title: { en: 'Reading took too long', zh: '读取耗时过长' },
    detail: {
      en: 'There was no answer within {seconds} s, so it was given up. Ask for less: a shorter time range, or one project.',
      zh: '{seconds} 秒内没有得到结果，已放弃。请缩小范围：更短的时间段，或单个项目。',
    },
  },
  damaged: {
    status: 500,
    title: { en: 'The store cannot be read', zh: '存储无法读取' },
    detail: {
      en: 'The store’s file is damaged or not a store of Weir. Restore it from a backup.',
      zh: '存储文件已损坏或并非 Weir 的存储，请从备份恢复。',
    },
  },
  'read-only': {
    status: 500,
    title: { en: 'The store cannot be written', zh: '存储不可写' },
    detail: {
      en: 'The store may be read but not written. Check the rights on its file or login.',
      zh: '存储只能读取，不能写入。请检查文件或登录账号的权限。',
    },
  },
  unavailable: {
    status: 503,
    retry: 'later',
    title: { en: 'The store does not answer', zh: '存储没有响应' },
    detail: { en: 'The store could not be reached in time. It is tried again.', zh: '未能及时连接存储，将继续重试。' },
  },
  refused: {
    status: 500,
    title: { en: 'The store’s database refuses us', zh: '存储数据库拒绝连接' },
    detail: {
      en: 'PostgreSQL refused the login or has no such database. Check user, password and database in the store’s URL.',
      zh: 'PostgreSQL 拒绝登录或数据库不存在。请检查存储 URL 中的用户、密码和数据库名。',
    },
  },
  'changed-meanwhile': {
    status: 409,
    retry: 'now',
    title: { en: 'Changed meanwhile', zh: '内容已被他人更改' },
    detail: {
      en: 'Somebody else changed this at the same moment. Read it again and repeat.',
      zh: '同一时刻有人更改了该内容，请重新读取后再试。',
    },
  },
});
