from setuptools import Extension, setup

setup(name="fastfit", packages=["fastfit"], ext_modules=[Extension("fastfit._descend", ["fastfit/_descend.c"])])
