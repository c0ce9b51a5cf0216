"""The parameters of MySQL that a parameter group can set: to which values, and when they apply.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.MySQL.Parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tenantnet.local_cloud.rds.rules import invalid_combination, invalid_value

# name, when it applies, type, allowed values, value that RDS or MySQL gives it ("-" for none).
# A name followed by /8.0 or /8.4 is in that family only.
_TABLE = """
authentication_policy/8.4 dynamic string - *,,
autocommit dynamic boolean 0,1 -
automatic_sp_privileges dynamic boolean 0,1 -
back_log static integer 1-65535 -
binlog_cache_size dynamic integer 4096-18446744073709547520 32768
binlog_checksum dynamic string NONE,CRC32 -
binlog_expire_logs_seconds dynamic integer 0-4294967295 -
binlog_format dynamic string ROW,STATEMENT,MIXED MIXED
binlog_order_commits dynamic boolean 0,1 -
binlog_row_image dynamic string full,minimal,noblob full
binlog_row_metadata dynamic string MINIMAL,FULL -
binlog_transaction_dependency_tracking/8.0 dynamic string COMMIT_ORDER,WRITESET,WRITESET_SESSION -
character-set-client-handshake static boolean 0,1 -
character_set_client dynamic string - -
character_set_connection dynamic string - -
character_set_database dynamic string - -
character_set_filesystem dynamic string - binary
character_set_results dynamic string - -
character_set_server dynamic string - -
collation_connection dynamic string - -
collation_server dynamic string - -
completion_type dynamic string NO_CHAIN,CHAIN,RELEASE,0,1,2 -
concurrent_insert dynamic string NEVER,AUTO,ALWAYS,0,1,2 -
connect_timeout dynamic integer 2-31536000 -
default_authentication_plugin/8.0 static string mysql_native_password,sha256_password,caching_sha2_password -
default_password_lifetime dynamic integer 0-65535 -
default_storage_engine dynamic string InnoDB -
default_time_zone static string - -
div_precision_increment dynamic integer 0-30 -
enforce_gtid_consistency static string OFF,ON,WARN OFF
event_scheduler dynamic string ON,OFF ON
expire_logs_days/8.0 dynamic integer 0-99 -
explicit_defaults_for_timestamp dynamic boolean 0,1 1
general_log dynamic boolean 0,1 -
group_concat_max_len dynamic integer 4-18446744073709547520 -
gtid-mode static string OFF,OFF_PERMISSIVE,ON_PERMISSIVE,ON OFF_PERMISSIVE
init_connect dynamic string - -
innodb_adaptive_hash_index dynamic boolean 0,1 -
innodb_autoinc_lock_mode static integer 0-2 -
innodb_buffer_pool_dump_at_shutdown dynamic boolean 0,1 -
innodb_buffer_pool_instances static integer 1-64 -
innodb_buffer_pool_load_at_startup static boolean 0,1 -
innodb_buffer_pool_size dynamic integer 5242880-9223372036854775807 {DBInstanceClassMemory*3/4}
innodb_dedicated_server static boolean 0,1 -
innodb_deadlock_detect dynamic boolean 0,1 -
innodb_file_per_table dynamic boolean 0,1 1
innodb_flush_log_at_trx_commit dynamic integer 0-2 1
innodb_flush_method static string O_DIRECT,O_DIRECT_NO_FSYNC,fsync,O_DSYNC,littlesync,nosync O_DIRECT
innodb_ft_enable_stopword dynamic boolean 0,1 -
innodb_ft_max_token_size static integer 10-84 -
innodb_ft_min_token_size static integer 0-16 -
innodb_io_capacity dynamic integer 100-18446744073709547520 -
innodb_io_capacity_max dynamic integer 100-18446744073709547520 -
innodb_lock_wait_timeout dynamic integer 1-1073741824 -
innodb_log_buffer_size dynamic integer 262144-4294967295 8388608
innodb_max_dirty_pages_pct dynamic float 0-99.99 -
innodb_open_files static integer 10-65535 -
innodb_print_all_deadlocks dynamic boolean 0,1 -
innodb_purge_threads static integer 1-32 -
innodb_read_io_threads static integer 1-64 -
innodb_redo_log_capacity dynamic integer 8388608-549755813888 -
innodb_rollback_on_timeout static boolean 0,1 -
innodb_stats_persistent dynamic boolean 0,1 -
innodb_strict_mode dynamic boolean 0,1 -
innodb_thread_concurrency dynamic integer 0-1000 -
innodb_write_io_threads static integer 1-64 -
interactive_timeout dynamic integer 1-31536000 -
join_buffer_size dynamic integer 128-18446744073709547520 -
lc_time_names dynamic string - -
local_infile dynamic boolean 0,1 1
lock_wait_timeout dynamic integer 1-31536000 -
log_bin_trust_function_creators dynamic boolean 0,1 -
log_error_verbosity dynamic integer 1-3 -
log_output dynamic string TABLE,FILE,NONE TABLE
log_queries_not_using_indexes dynamic boolean 0,1 -
log_slow_extra dynamic boolean 0,1 -
long_query_time dynamic float 0-31536000 -
lower_case_table_names static integer 0,1 0
max_allowed_packet dynamic integer 1024-1073741824 -
max_binlog_size dynamic integer 4096-1073741824 134217728
max_connect_errors dynamic integer 1-9223372036854775807 -
max_connections dynamic integer 1-100000 {DBInstanceClassMemory/12582880}
max_execution_time dynamic integer 0-18446744073709547520 -
max_heap_table_size dynamic integer 16384-1844674407370954752 -
max_prepared_stmt_count dynamic integer 0-1048576 -
max_user_connections dynamic integer 0-4294967295 -
mysql_native_password/8.4 static boolean 0,1 -
net_buffer_length dynamic integer 1024-1048576 -
net_read_timeout dynamic integer 1-31536000 -
net_retry_count dynamic integer 1-18446744073709547520 -
net_write_timeout dynamic integer 1-31536000 -
optimizer_switch dynamic string - -
performance_schema static boolean 0,1 {DBInstanceClassMemory/68719476736}
range_optimizer_max_mem_size dynamic integer 0-18446744073709547520 -
read_buffer_size dynamic integer 8192-2147479552 262144
read_only dynamic string 0,1,{TrueIfReplica} {TrueIfReplica}
read_rnd_buffer_size dynamic integer 1-2147483647 524288
replica_compressed_protocol dynamic boolean 0,1 -
replica_net_timeout dynamic integer 1-31536000 -
replica_parallel_type/8.0 dynamic string DATABASE,LOGICAL_CLOCK -
replica_parallel_workers dynamic integer 0-1024 -
replica_preserve_commit_order dynamic boolean 0,1 -
require_secure_transport dynamic boolean 0,1 0
session_track_gtids dynamic string OFF,OWN_GTID,ALL_GTIDS -
skip_name_resolve static boolean 0,1 -
slow_launch_time dynamic integer 0-31536000 -
slow_query_log dynamic boolean 0,1 -
sort_buffer_size dynamic integer 32768-18446744073709547520 -
sql_mode dynamic string - -
sql_require_primary_key dynamic boolean 0,1 -
sync_binlog dynamic integer 0-4294967295 1
table_definition_cache dynamic integer 400-524288 -
table_open_cache dynamic integer 1-524288 -
table_open_cache_instances static integer 1-64 -
thread_cache_size dynamic integer 0-16384 -
thread_stack static integer 131072-18446744073709547520 262144
time_zone dynamic string - UTC
tls_version static string TLSv1.2,TLSv1.3 -
tmp_table_size dynamic integer 1024-18446744073709547520 -
transaction_isolation dynamic string READ-UNCOMMITTED,READ-COMMITTED,REPEATABLE-READ,SERIALIZABLE -
wait_timeout dynamic integer 1-31536000 -
"""
_RANGE = re.compile(r"(?P<low>\d+)-(?P<high>\d+(?:\.\d+)?)")
# Lists of these are values too: `TLSv1.2,TLSv1.3`.
_LISTS = {"tls_version", "log_output"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter. allowed: empty for any value. default: None where RDS leaves it to MySQL."""

    name: str
    static: bool
    type: str
    allowed: str
    default: str | None

    def described(self) -> dict[str, Any]:
        """As DescribeDBParameters has a parameter that nobody has set."""
        value = {} if self.default is None else {"ParameterValue": self.default}
        return {
            "ParameterName": self.name,
            "Description": f"MySQL's {self.name}",
            **value,
            "Source": "engine-default" if self.default is None else "system",
            "ApplyType": "static" if self.static else "dynamic",
            "DataType": self.type,
            **({"AllowedValues": self.allowed} if self.allowed else {}),
            "IsModifiable": True,
            "ApplyMethod": "pending-reboot",
        }

    def check(self, value: str, apply_method: str) -> None:
        """Raise RDS's error for a value or a time to apply it that the parameter does not take."""
        if self.static and apply_method == "immediate":
            raise invalid_combination("cannot use immediate apply method for static parameter")
        if self.allowed and not self._allows(value):
            raise invalid_value(
                f"Invalid parameter value: {value} for: {self.name} allowed values are: {self.allowed}"
            )

    def _allows(self, value: str) -> bool:
        # RDS computes formulas such as {DBInstanceClassMemory/12582880} from the instance's class.
        if value.startswith("{") and self.type in ("integer", "float"):
            return True
        if bounds := _RANGE.fullmatch(self.allowed):
            number = re.fullmatch(r"\d+" if self.type == "integer" else r"\d+(\.\d+)?", value)
            return bool(number) and float(bounds["low"]) <= float(value) <= float(bounds["high"])
        given = value.split(",") if self.name in _LISTS else [value]
        return set(given) <= set(self.allowed.split(","))


@cache
def parameters(family: str) -> Mapping[str, Parameter]:
    """The parameters of a family, such as `mysql8.4`, by name."""
    found = {}
    for line in _TABLE.strip().splitlines():
        name_and_family, applies, kind, allowed, default = line.split(" ")
        name, _, only = name_and_family.partition("/")
        if not only or family.endswith(only):
            found[name] = Parameter(
                name=name,
                static=applies == "static",
                type=kind,
                allowed="" if allowed == "-" else allowed,
                default=None if default == "-" else default,
            )
    return found


def find_parameter(family: str, name: str) -> Parameter:
    """The parameter. Raises RDS's error where the family has none of this name."""
    parameter = parameters(family).get(name)
    if parameter is None:
        raise invalid_value(f"Could not find parameter with name: {name}")
    return parameter
