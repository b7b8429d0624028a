resource "aws_kinesisanalyticsv2_application" "meters" {
  name                   = "meters"
  runtime_environment    = "SQL-1_0"
  service_execution_role = aws_iam_role.meters.arn

  application_configuration {
    application_code_configuration {
      code_content {
        text_content = <<EOF
CREATE OR REPLACE STREAM "USAGE" ("meter" VARCHAR(16), "tariff" VARCHAR(8), "kwh" DOUBLE);
CREATE OR REPLACE PUMP "USAGE_PUMP" AS INSERT INTO "USAGE"
SELECT STREAM m."meter", t."name", SUM(m."wh") / 1000
FROM "METERS_001" AS m JOIN "TARIFFS" AS t ON m."tariff" = t."id"
GROUP BY m."meter", t."name", STEP(m.ROWTIME BY INTERVAL '1' HOUR)
ORDER BY STEP(m.ROWTIME BY INTERVAL '1' HOUR), m."meter";
EOF
      }
      code_content_type = "PLAINTEXT"
    }

    sql_application_configuration {
      input {
        name_prefix = "METERS"
        input_parallelism {
          count = 1
        }
        input_schema {
          record_column {
            name     = "meter"
            sql_type = "VARCHAR(16)"
            mapping  = "$.meter"
          }
          record_column {
            name     = "tariff"
            sql_type = "INTEGER"
            mapping  = "$.tariff"
          }
          record_column {
            name     = "wh"
            sql_type = "REAL"
            mapping  = "$.wh"
          }
          record_encoding = "UTF-8"
          record_format {
            record_format_type = "JSON"
            mapping_parameters {
              json_mapping_parameters {
                record_row_path = "$.readings[0:]"
              }
            }
          }
        }
        kinesis_streams_input {
          resource_arn = aws_kinesis_stream.meters.arn
        }
      }
      output {
        name = "USAGE"
        destination_schema {
          record_format_type = "JSON"
        }
        kinesis_streams_output {
          resource_arn = aws_kinesis_stream.usage.arn
        }
      }
      reference_data_source {
        table_name = "TARIFFS"
        reference_schema {
          record_column {
            name     = "id"
            sql_type = "INTEGER"
          }
          record_column {
            name     = "name"
            sql_type = "VARCHAR(8)"
          }
          record_format {
            record_format_type = "CSV"
            mapping_parameters {
              csv_mapping_parameters {
                record_column_delimiter = ","
                record_row_delimiter    = "|"
              }
            }
          }
        }
        s3_reference_data_source {
          bucket_arn = aws_s3_bucket.reference.arn
          file_key   = "tariffs.csv"
        }
      }
    }
  }
}
