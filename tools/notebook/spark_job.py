"""A Spark job from the notebook: the session is its driver, its executors are pods of their own."""

import socket

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("squares").getOrCreate()
numbers = spark.sparkContext.parallelize(range(1000), 4)
places = numbers.map(lambda number: (number * number, socket.gethostname())).collect()
total, computers = sum(square for square, _ in places), sorted({place for _, place in places})
print(f"Spark on {spark.sparkContext.master}: sum {total}, computed by {computers}")
spark.stop()
