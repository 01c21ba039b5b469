/**
 * The sample project's resources, as a user would write them. Comments are part of it: `weir dump`
 * gives them back. Label `sample: "true"` marks what `weir sample remove` takes away.
 */

/** What differs between installations. */
export interface SamplePlaces {
  /** Port of the sample CRM on loopback. */
  readonly crmPort: number;
}

export const SAMPLE_LABEL = 'sample';

/** The YAML documents of the sample project. */
export function sampleDocuments({ crmPort }: SamplePlaces): string {
  return [...connections(crmPort), ...pipelines, ...callers, ...route(crmPort), ...dataApis].join('---\n');
}

const head = (kind: string, name: string, description: string) => `apiVersion: weir/v1
kind: ${kind}
metadata:
  name: ${name}
  description: ${description}
  labels: { ${SAMPLE_LABEL}: "true" }
`;

const connections = (crmPort: number): string[] => [
  `# The shop's "ERP": orders and products in a SQLite file.
${head('Connection', 'erp', 'ERP of the sample shop · 示例工厂的 ERP')}spec:
  type: sqlite
  file: sample/erp.db
`,
  `${head('Connection', 'mes', 'MES of the sample shop · 示例工厂的 MES')}spec:
  type: sqlite
  file: sample/mes.db
`,
  `# The CRM only offers a CSV export.
${head('Connection', 'crm-export', 'Customer export of the CRM · CRM 客户导出')}spec:
  type: csv
  url: http://127.0.0.1:${crmPort}/export/customers.csv
  stream: customer
  columns:
    customer_id: int64
    credit_limit: decimal
    since: date
`,
  `${head('Connection', 'warehouse', 'Where everything comes together · 汇总仓库')}spec:
  type: sqlite
  file: sample/warehouse.db
`,
];

const pipelines: string[] = [
  `${head('Pipeline', 'erp-to-warehouse', 'Orders and products, every minute · 每分钟同步订单与产品')}spec:
  source: { connection: erp, streams: ["*"] }
  sink: { connection: warehouse, prefix: erp_, write: upsert }
  # Reads only rows whose updated_at moved. It cannot see deletes; "full" with "replace" can.
  mode: { incremental: { cursor: updated_at, lookback: 5s } }
  schedule: { cron: "* * * * *", timezone: Asia/Shanghai }
`,
  `${head('Pipeline', 'mes-to-warehouse', 'Machines, work orders, measurements · 设备、工单与测量')}spec:
  source: { connection: mes, streams: ["*"] }
  sink: { connection: warehouse, prefix: mes_, write: upsert }
  mode: { incremental: { cursor: updated_at, lookback: 5s } }
  schedule: { cron: "*/5 * * * *", timezone: Asia/Shanghai }
`,
  `${head('Pipeline', 'crm-to-warehouse', 'Customers, whole contents each time · 客户全量替换')}spec:
  source: { connection: crm-export, streams: [customer] }
  sink: { connection: warehouse, prefix: crm_, write: replace }
  mode: full
  schedule: { cron: "*/10 * * * *", timezone: Asia/Shanghai }
`,
];

const callers: string[] = [
  `${head('Plan', 'standard', '600 calls a minute · 每分钟 600 次')}spec:
  policies: [{ type: rate-limit, limit: 600, window: 1m }]
`,
  `# Small on purpose: try it six times.
${head('Plan', 'trial', '5 calls a minute · 每分钟 5 次')}spec:
  policies: [{ type: rate-limit, limit: 5, window: 1m }]
`,
  `${head('Consumer', 'shop-app', 'The shop’s own app · 店铺应用')}spec: { plan: standard }
`,
  `${head('Consumer', 'partner', 'A partner on trial · 试用伙伴')}spec: { plan: trial }
`,
];

const route = (crmPort: number): string[] => [
  `${head('Upstream', 'crm', 'The CRM service · CRM 服务')}spec:
  targets: [{ url: "http://127.0.0.1:${crmPort}" }]
`,
  `${head('Route', 'crm', 'The CRM behind a key and a limit · 以密钥与限流保护的 CRM')}spec:
  match: { paths: ["/crm/**"], methods: [GET] }
  upstream: crm
  rewrite: /**
  auth: [{ type: api-key }]
  policies:
    - { type: transform, response: { set: { x-served-by: weir } } }
`,
];

const dataApis: string[] = [
  `${head('DataApi', 'order', 'One order with its customer · 单个订单及客户')}spec:
  connection: warehouse
  path: /data/v1/orders/{order_id}
  parameters:
    order_id: { in: path, schema: { type: integer, minimum: 1 } }
  sql: |
    SELECT o.order_id, o.order_date, o.status, o.total, o.note, c.name AS customer, c.city
    FROM erp_customer_order o LEFT JOIN crm_customer c ON c.customer_id = o.customer_id
    WHERE o.order_id = #{order_id}
  single: true
  auth: [{ type: api-key }]
`,
  `${head('DataApi', 'orders', 'Orders, filtered and paged · 订单列表')}spec:
  connection: warehouse
  path: /data/v1/orders
  parameters:
    customer_id: { schema: { type: integer, minimum: 1 } }
    status: { schema: { type: string, enum: [open, paid, shipped, closed, cancelled] } }
    from: { schema: { type: string, format: date } }
  sql: |
    SELECT order_id, customer_id, order_date, status, total, updated_at FROM erp_customer_order
    <where>
      <if test="customer_id != null"> AND customer_id = #{customer_id} </if>
      <if test="status != null"> AND status = #{status} </if>
      <if test="from != null"> AND order_date >= #{from} </if>
    </where>
  page: { mode: keyset, sort: [order_id], sizeDefault: 50, sizeMax: 1000 }
  auth: [{ type: api-key }]
`,
  `${head('DataApi', 'sales-by-month', 'Sales per month and category · 按月份与类别汇总销售')}spec:
  connection: warehouse
  path: /data/v1/sales-by-month
  parameters:
    category: { schema: { type: string, maxLength: 20 } }
  sql: |
    SELECT substr(o.order_date, 1, 7) AS month, p.category, count(DISTINCT o.order_id) AS orders,
           round(sum(l.quantity * l.unit_price * (1 - coalesce(l.discount, 0) / 100.0)), 2) AS revenue
    FROM erp_order_line l
    JOIN erp_customer_order o ON o.order_id = l.order_id
    JOIN erp_product p ON p.product_id = l.product_id
    <where>
      o.status <> 'cancelled'
      <if test="category != null"> AND p.category = #{category} </if>
    </where>
    GROUP BY 1, 2 ORDER BY 1, 2
  auth: [{ type: api-key }]
`,
];
