/** The vocabulary of the sample factory shop, in Chinese and English. */
export const CITIES = ['上海', '苏州', '宁波', '成都', '武汉', 'Shenzhen', 'Hamburg', 'Leeds', 'Porto', 'Nagoya'] as const;
export const COMPANIES = [
  ['恒力机械', 'Hengli Machinery'],
  ['海天塑机', 'Haitian Plastics'],
  ['东方轴承', 'Orient Bearings'],
  ['江南精工', 'Jiangnan Precision'],
  ['Northwind Tools', 'Northwind Tools'],
  ['Müller & Söhne', 'Müller & Söhne'],
  ['O’Brien Castings', 'O’Brien Castings'],
  ['都江水工', 'Dujiang Hydraulics'],
] as const;
export const PARTS = [
  ['齿轮', 'gear'],
  ['轴承', 'bearing'],
  ['法兰', 'flange'],
  ['阀门', 'valve'],
  ['连杆', 'connecting rod'],
  ['弹簧', 'spring'],
  ['密封圈', 'seal ring'],
  ['电机', 'motor'],
] as const;
export const CATEGORIES = ['transmission', 'hydraulics', 'fasteners', 'electrics'] as const;
export const ORDER_STATES = ['open', 'paid', 'shipped', 'closed', 'cancelled'] as const;
export const NOTES = [
  '加急',
  '请周五前送达',
  'Deliver to gate 3',
  'Rush; call before delivery',
  '含税',
  'line\nbreak and\ttab',
  '"quoted", with comma',
] as const;
export const MACHINE_LINES = ['A', 'B', 'C'] as const;
export const MACHINES = [
  ['数控车床', 'CNC lathe'],
  ['加工中心', 'Machining centre'],
  ['冲床', 'Punch press'],
  ['注塑机', 'Moulding machine'],
] as const;
