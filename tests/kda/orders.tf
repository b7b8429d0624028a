# The first of the two resources: aws_kinesis_analytics_application.
resource "aws_kinesis_stream" "orders" {
  name        = "orders-${var.stage}"
  shard_count = 1
}

resource "aws_kinesis_analytics_application" "orders" {
  name = "orders"

  code = <<-SQL
    -- Orders that nobody has paid after five minutes.
    CREATE OR REPLACE STREAM "UNPAID" (order_id VARCHAR(36), waited BIGINT);

    CREATE OR REPLACE PUMP "UNPAID_PUMP" AS
      INSERT INTO "UNPAID" (order_id, waited)
      SELECT STREAM o."order_id", TSDIFF(p."paid_at", o."ordered_at")
      FROM "ORDERS_001" AS o
      LEFT JOIN "PAID" OVER (RANGE INTERVAL '5' MINUTE PRECEDING) AS p
        ON o."order_id" = p.order_id;

    CREATE OR REPLACE STREAM "PAID" (order_id VARCHAR(36), "paid_at" TIMESTAMP);
    CREATE OR REPLACE PUMP "PAID_PUMP" AS INSERT INTO "PAID"
      SELECT STREAM "order_id", CAST("paid_at" AS TIMESTAMP)
      FROM "ORDERS_001"
      WHERE "state" = 'PAID' OR UPPER("state") SIMILAR TO 'SETTLED(_EARLY)?';
  SQL

  inputs {
    name_prefix = "ORDERS"

    kinesis_stream {
      resource_arn = aws_kinesis_stream.orders.arn
      role_arn     = aws_iam_role.orders.arn
    }

    schema {
      record_columns {
        name     = "order_id"
        sql_type = "VARCHAR(36)"
        mapping  = "$.id"
      }
      record_columns {
        name     = "ordered_at"
        sql_type = "TIMESTAMP"
        mapping  = "$.at"
      }
      record_columns {
        name     = "paid_at"
        sql_type = "VARCHAR(32)"
        mapping  = "$.payment.at"
      }
      record_columns {
        name     = "state"
        sql_type = "VARCHAR(16)"
        mapping  = "$.state"
      }
      record_format {
        mapping_parameters {
          json {
            record_row_path = "$"
          }
        }
      }
    }
  }

  outputs {
    name = "UNPAID"
    schema {
      record_format_type = "JSON"
    }
    kinesis_firehose {
      resource_arn = "arn:aws:firehose:eu-west-1:111122223333:deliverystream/unpaid"
      role_arn     = aws_iam_role.orders.arn
    }
  }

  tags = { team = "orders", jsonencode = jsonencode({ a = [1, 2] }) }
}
